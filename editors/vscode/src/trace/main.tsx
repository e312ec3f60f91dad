// Starts the waterfall in its webview.

import { render } from "preact";
import { host } from "../webview/host";
import type { FromTrace } from "./messages";
import "./trace.css";
import { Waterfall } from "./waterfall";

const { send } = host<FromTrace, never>();
render(<Waterfall send={send} />, document.body);
