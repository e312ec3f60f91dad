// What a page in a webview has of the editor: a way to send, and a state that outlives the page while its tab is hidden.

interface VsCode<State> {
  postMessage(message: unknown): void;
  getState(): State | undefined;
  setState(state: State): void;
}

declare function acquireVsCodeApi<State>(): VsCode<State>;

/** The editor around this page; to be asked for once. */
export function host<Message, State>() {
  const vscode = acquireVsCodeApi<State>();
  return {
    send: (message: Message) => vscode.postMessage(message),
    before: vscode.getState(),
    keep: (state: State) => vscode.setState(state),
  };
}
