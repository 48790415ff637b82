// Answers for GitHub's own packages, one case a line of JSON on standard input, one answer a line on standard output:
//   {"expression", "contexts"} -> {"value"} or {"error"}
//   {"workflow", "name"}       -> {"errors": [message, ...]}
import { readFileSync } from "node:fs";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";

const TRY_CONVERSION = 1;

// Tagged, so that the kind, the order of keys, NaN and -0 survive.
function encoded(value) {
  switch (value.kind) {
    case data.Kind.Null:
      return { kind: "Null" };
    case data.Kind.Boolean:
      return { kind: "Boolean", value: value.value };
    case data.Kind.Number: {
      const bits = new DataView(new ArrayBuffer(8));
      bits.setFloat64(0, value.value);
      return { kind: "Number", value: Number.isNaN(value.value) ? "nan" : bits.getBigUint64(0).toString(16) };
    }
    case data.Kind.String:
      return { kind: "String", value: value.value };
    case data.Kind.Array:
      return { kind: "Array", value: value.values().map(encoded) };
    default:
      return { kind: "Object", value: value.pairs().map((pair) => [pair.key, encoded(pair.value)]) };
  }
}

function expression(text, contexts) {
  const dictionary = JSON.parse(contexts, data.reviver);
  const names = dictionary.pairs().map((pair) => pair.key);
  const tree = new Parser(new Lexer(text).lex().tokens, names, []).parse();
  if (tree === undefined) throw new Error("nothing is there");
  return encoded(new Evaluator(tree, dictionary).evaluate());
}

async function workflow(name, content) {
  const parsed = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  // Without this step missing and cyclic `needs` go unseen.
  if (parsed.value) await convertWorkflowTemplate(parsed.context, parsed.value, undefined, { errorPolicy: TRY_CONVERSION });
  const errors = parsed.context.errors.getErrors().map((error) => error.message);
  if (!parsed.value && errors.length === 0) errors.push("nothing was read");
  return errors;
}

async function answer(given) {
  if (given.workflow !== undefined) {
    try {
      return { errors: await workflow(given.name, given.workflow) };
    } catch (error) {
      return { errors: [`thrown: ${error.message}`] };
    }
  }
  try {
    return { value: expression(given.expression, given.contexts) };
  } catch (error) {
    return { error: String(error.message) };
  }
}

const lines = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
for (const line of lines) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
