// Serves the Slack of the npm package `emulate` and starts it afresh for each line on stdin.
// Arguments: the package's entry file, a port, the seed as JSON.
import { createInterface } from "node:readline";

const [entry, port, seed] = process.argv.slice(2);
const { createEmulator } = await import(entry);
const emulator = await createEmulator({ service: "slack", port: Number(port), seed: { slack: JSON.parse(seed) } });
console.log(emulator.url);
for await (const _line of createInterface({ input: process.stdin })) {
  await emulator.reset();
  console.log("reset");
}
await emulator.close();
