import { fileURLToPath } from "node:url";

import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";

const definition = protoLoader.loadSync(fileURLToPath(new URL("../../../../proto/pricing.proto", import.meta.url)));
const { chandlery } = grpc.loadPackageDefinition(definition) as any;

export class PricingClient {
  private readonly stub;

  constructor(address: string) {
    this.stub = new chandlery.pricing.v1.Pricing(address, grpc.credentials.createInsecure());
  }

  quote(lines: { sku: string; quantity: number }[]): Promise<{ totalCents: number }> {
    return new Promise((resolve, reject) => {
      this.stub.quote({ lines }, { deadline: Date.now() + 2_000 }, (error: Error | null, reply: { totalCents: number }) =>
        error ? reject(error) : resolve(reply),
      );
    });
  }
}
