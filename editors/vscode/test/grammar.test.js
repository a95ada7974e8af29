// Tokenizes the examples with the engine that VS Code uses.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const oniguruma = require("vscode-oniguruma");
const { Registry, INITIAL, parseRawGrammar } = require("vscode-textmate");

const root = path.join(__dirname, "..", "..", "..");

async function grammar() {
  const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer;
  await oniguruma.loadWASM(wasm);
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (s) => new oniguruma.OnigString(s),
    }),
    loadGrammar: async () => {
      const file = path.join(__dirname, "..", "syntaxes", "journey.tmLanguage.json");
      return parseRawGrammar(fs.readFileSync(file, "utf8"), file);
    },
  });
  return registry.loadGrammar("source.journey");
}

const loaded = grammar();

/** The tokens of a text: [text, innermost scope]. */
async function tokens(text) {
  const g = await loaded;
  const found = [];
  let state = INITIAL;
  for (const line of text.split("\n")) {
    const r = g.tokenizeLine(line, state);
    state = r.ruleStack;
    for (const t of r.tokens) {
      const word = line.slice(t.startIndex, t.endIndex);
      if (word.trim()) found.push([word, t.scopes.at(-1).replace(/\.(journey|liquid)$/, ""), t.scopes]);
    }
  }
  return found;
}

function examples(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const file = path.join(dir, e.name);
    return e.isDirectory() ? examples(file) : file.endsWith(".journey") ? [file] : [];
  });
}

test("words have the scopes that themes colour", async () => {
  const got = await tokens(`workspace { timezone "Asia/Taipei" }  # 註
trait first_name "firstName": text
event order { total: number optional }
segment 貴賓 "VIP" = profile.spend >= 10_000 and count(order in last 365 days) >= 3
journey welcome {
  enter on order where event.total > 1
  @first wait until 09:00
  split s { 50% a { send mail with { at: 2026-12-25 09:00 } } }
}
message mail via email { subject "Hi {{ profile.first_name | default: 'you' }} \\n" }`);
  const scopes = new Map(got.map(([word, scope]) => [word.trim(), scope]));
  for (const [word, scope] of Object.entries({
    workspace: "keyword.declaration", timezone: "keyword.other.setting", "# 註": "comment.line.number-sign",
    first_name: "variable.other.property", total: "variable.other.property", 貴賓: "entity.name.type", profile: "variable.language",
    and: "keyword.operator.word", count: "support.function", 365: "constant.numeric.duration", days: "keyword.other.unit",
    welcome: "entity.name.type", enter: "keyword.other.clause", first: "entity.name.label", wait: "keyword.control", "09:00": "constant.other.time",
    "50%": "constant.numeric.percent", "2026-12-25 09:00": "constant.other.date", "{{": "punctuation.section.embedded.begin",
    "\\n": "constant.character.escape", "10_000": "constant.numeric", ">=": "keyword.operator",
  })) {
    assert.equal(scopes.get(word), scope, word);
  }
});

test("texts and comments of the examples end where they end", async () => {
  const files = examples(path.join(root, "examples"));
  assert.ok(files.length > 10);
  for (const file of files) {
    const text = fs.readFileSync(file, "utf8");
    const got = await tokens(text + "\ntrait last_of_all: text\n");
    const at = got.findLastIndex(([word]) => word === "last_of_all");
    assert.equal(got[at]?.[1], "entity.name.type", `${file}: something is not closed`);
    for (const [word, scope] of got) {
      assert.ok(!scope.startsWith("invalid"), `${file}: ${word} is ${scope}`);
    }
  }
});

test("every statement of the examples begins with a coloured word", async () => {
  for (const file of examples(path.join(root, "examples"))) {
    const lines = fs.readFileSync(file, "utf8").split("\n");
    let inText = false;
    for (const line of lines) {
      const quotes = line.split('"""').length - 1;
      const begins = /^\s*([a-z]+)\b(?![:.(\w])/.exec(line);
      if (!inText && begins && !/^\s*[a-z_]+\s*[,\]]/.test(line)) {
        const [first] = await tokens(line);
        assert.match(first[1], /^keyword|^support/, `${file}: ${line}`);
      }
      if (quotes % 2) inText = !inText;
    }
  }
});
