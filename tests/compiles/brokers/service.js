// Starts a service that says its port first.
import { spawn } from "node:child_process";

export async function start(program) {
  const child = spawn(program, { env: { ...process.env, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve) => child.stdout.once("data", (line) => resolve(String(line).trim())));
  const post = (path, body, type = "text/plain") =>
    fetch(`http://127.0.0.1:${port}/${path}`, { method: "POST", headers: { "content-type": type }, body });
  return { post, end: () => child.kill() };
}
