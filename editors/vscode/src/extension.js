// The client of the language server `journey lsp`: it starts the server, and
// says what to do if it cannot be started.

const vscode = require("vscode");
const { LanguageClient, TransportKind, State } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

/** Starts a server with the program that the settings name. */
async function start() {
  const command = vscode.workspace.getConfiguration("journey").get("path") || "journey";
  const server = { command, args: ["lsp"], transport: TransportKind.stdio };
  client = new LanguageClient("journey", "Journey", { run: server, debug: server }, {
    documentSelector: [{ scheme: "file", language: "journey" }],
  });
  try {
    await client.start();
  } catch (err) {
    client = undefined;
    const open = "Open the settings";
    const answer = await vscode.window.showErrorMessage(
      `The program ${command} could not be started: ${err.message}. Install journey, or say in the settings where it is (journey.path).`,
      open,
    );
    if (answer === open) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "journey.path");
    }
  }
}

/** Stops the server, if it runs. */
async function stop() {
  const old = client;
  client = undefined;
  if (old && old.state !== State.Stopped) {
    await old.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

/** @param {vscode.ExtensionContext} context */
async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("journey.restart", restart),
    vscode.workspace.onDidChangeConfiguration((e) => (e.affectsConfiguration("journey.path") ? restart() : undefined)),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
