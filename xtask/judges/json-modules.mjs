// The parser imports JSON without saying so, which Node.js 20 refuses. Used with `node --import`.
import { register } from "node:module";

const hooks = `
import { readFile } from "node:fs/promises";
export async function load(url, context, nextLoad) {
  if (!new URL(url).pathname.endsWith(".json")) return nextLoad(url, context);
  const source = "export default " + await readFile(new URL(url), "utf8");
  return { format: "module", source, shortCircuit: true };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
