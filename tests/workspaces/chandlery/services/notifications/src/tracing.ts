import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { NodeSDK } from "@opentelemetry/sdk-node";

new NodeSDK({ serviceName: "notifications", instrumentations: [new HttpInstrumentation()] }).start();
