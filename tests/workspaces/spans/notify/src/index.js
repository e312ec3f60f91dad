const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");
const express = require("express");

new NodeTracerProvider().register();
registerInstrumentations({ instrumentations: [] });

const app = express();

app.post("/pushes", async (req, res) => {
	await push(req.body);
	res.sendStatus(202);
});

/** @param {unknown} message */
async function push(message) {
	console.log(message);
}

app.listen(8080);
