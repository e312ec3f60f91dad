// Starts the map in its webview.

import { render } from "preact";
import { host } from "../webview/host";
import { App } from "./app";
import "./map.css";
import type { FromMap } from "./messages";
import type { Choice } from "./visible";

const { send, before, keep } = host<FromMap, Choice>();
render(<App send={send} before={before} keep={keep} />, document.body);
