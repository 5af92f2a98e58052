// Asks node-semver. Reads `a<TAB>b` lines, prints <, = or > for each, ? where `clean` refuses.
const semver = require("semver");
const lines = require("fs").readFileSync(0, "utf8").split("\n").slice(0, -1);
const answers = lines.map((line) => {
  const [a, b] = line.split("\t").map((version) => semver.clean(version));
  return a === null || b === null ? "?" : "<=>"[semver.compare(a, b) + 1];
});
process.stdout.write(answers.map((answer) => answer + "\n").join(""));
