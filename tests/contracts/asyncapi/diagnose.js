// Prints the parser's findings about one document as a JSON array; severity 0 is an error.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [, , installed, file] = process.argv;
const { Parser } = createRequire(join(installed, "package.json"))("@asyncapi/parser");

new Parser().parse(readFileSync(file, "utf8"), { source: file }).then(({ document, diagnostics }) => {
  const findings = diagnostics.map(({ severity, code, path, message }) => ({ severity, code, path, message }));
  const counts = document && {
    channels: document.channels().length,
    operations: document.operations().length,
    messages: document.allMessages().length,
  };
  process.stdout.write(JSON.stringify({ findings, counts: counts || null }));
});
