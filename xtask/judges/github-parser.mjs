// Reads each file as GitHub does and prints what GitHub would refuse.
// Exit status: 0 nothing to say, 10 findings. Node.js itself ends with 1 when this program is at fault.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";
import { convertActionTemplate, parseAction } from "@actions/workflow-parser/actions/index";

const TRY_CONVERSION = 1;
let findings = 0;

process.exitCode = 2;
for (const path of process.argv.slice(2)) {
  const file = { name: path, content: readFileSync(path, "utf8") };
  const trace = new NoOperationTraceWriter();
  let parsed;
  if (/^action\.ya?ml$/.test(basename(path))) {
    parsed = parseAction(file, trace);
    if (parsed.value) convertActionTemplate(parsed.context, parsed.value);
  } else {
    parsed = parseWorkflow(file, trace);
    // Without this step missing and cyclic `needs` go unseen.
    if (parsed.value) await convertWorkflowTemplate(parsed.context, parsed.value, undefined, { errorPolicy: TRY_CONVERSION });
  }
  const messages = new Set(parsed.context.errors.getErrors().map((error) => error.message));
  if (!parsed.value && messages.size === 0) throw new Error(`${path}: nothing was read`);
  for (const message of messages) {
    findings += 1;
    console.log(`${path}: ${message}`);
  }
}
process.exitCode = findings === 0 ? 0 : 10;
