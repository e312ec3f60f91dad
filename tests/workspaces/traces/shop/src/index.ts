import "./tracing.js";
import { publish, publishAll, publishMarked } from "./bus.js";
import { cancel, print } from "./slips.js";

await publish("order.placed", { id: "1" });
await publishAll([{ value: "1" }]);
await publishMarked(["1"], { kind: "cart" });
print("1");
cancel("1");
