// Loads the modules that are named, those who consume first, and hands over what was sent.
for (const path of process.argv.slice(2)) await import(path);
await (await import("./queue.js")).deliver();
