// Packages the extension into a VSIX: with a server for one platform, or without one for all.
//   npm run package [-- --server PATH] [--target linux-x64] [--out FILE]
//   npm run package -- --without-server [--out FILE]
// Without --server, cargo builds one in release for this machine. What is shipped is what is put into dist/package here, and nothing else.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { createVSIX } from "@vscode/vsce";

const extension = path.resolve(import.meta.dirname, "..");
const root = path.resolve(extension, "../..");
const text = { type: "string" };
const { values } = parseArgs({ options: { server: text, target: text, out: text, "without-server": { type: "boolean" } } });
const target = values["without-server"] ? undefined : (values.target ?? `${process.platform}-${process.arch}`);
const executable = target?.startsWith("win32") ? "portolan.exe" : "portolan";
const out = path.resolve(values.out ?? path.join(extension, `dist/${target ? `portolan-${target}` : "portolan"}.vsix`));

if (target && !values.server) execFileSync("cargo", ["build", "--profile", "dist", "-p", "portolan"], { cwd: root, stdio: "inherit" });
const server = target && path.resolve(values.server ?? path.join(root, "target/dist", executable));
execFileSync(process.execPath, [path.join(import.meta.dirname, "build.mjs")], { cwd: extension, stdio: "inherit" });

const stage = path.join(extension, "dist/package");
fs.rmSync(stage, { recursive: true, force: true });
fs.mkdirSync(stage);
const put = (from, to) => fs.cpSync(from, path.join(stage, to), { recursive: true });
const { scripts, devDependencies, private: _, ...manifest } = JSON.parse(fs.readFileSync(path.join(extension, "package.json"), "utf8"));
put(path.join(extension, "media"), "media");
for (const page of [path.join(extension, "README.md"), path.join(root, "CHANGELOG.md")]) {
  // Links into the repository lead nowhere from within an editor: their text stays. Pictures of it go.
  const text = fs
    .readFileSync(page, "utf8")
    .replace(/!\[[^\]]*\]\((?!https?:)[^)]+\)\n*/g, "")
    .replace(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, "$1");
  fs.writeFileSync(path.join(stage, path.basename(page)), text);
}
if (server) {
  put(server, `server/${executable}`);
  fs.chmodSync(path.join(stage, `server/${executable}`), 0o755);
}
for (const file of fs.readdirSync(path.join(extension, "dist")).filter((file) => /\.(js|css|txt)$/.test(file)))
  put(path.join(extension, "dist", file), `dist/${file}`);
fs.writeFileSync(path.join(stage, "package.json"), JSON.stringify(manifest, null, 2));
const licences = ["LICENSE-MIT", "LICENSE-APACHE"].map((file) => fs.readFileSync(path.join(root, file), "utf8"));
fs.writeFileSync(path.join(stage, "LICENSE.txt"), licences.join("\n\n"));
// All of it is meant.
fs.writeFileSync(path.join(stage, ".vscodeignore"), "");

await createVSIX({ cwd: stage, packagePath: out, ...(target && { target }), dependencies: false, allowMissingRepository: true });
console.log(`${out}: ${(fs.statSync(out).size / 1024).toFixed(0)} KiB`);
