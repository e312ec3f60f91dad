import "./tracing.js";

import { trace } from "@opentelemetry/api";

import { publish, publishAll, publishMarked } from "./bus.js";
import { cancel, print } from "./slips.js";

await trace.getTracer("shop").startActiveSpan("sell", async (span) => {
  console.log(span.spanContext().traceId);
  await publish("order.placed", { id: "1" });
  await publishAll([{ value: "1" }]);
  await publishMarked(["1"], { kind: "cart" });
  print("1");
  cancel("1");
  span.end();
});
