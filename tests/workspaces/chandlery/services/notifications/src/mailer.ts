export class Mailer {
  constructor(private readonly baseUrl: string) {}

  async send(to: string, subject: string): Promise<void> {
    await fetch(new URL("/v1/messages", this.baseUrl), {
      method: "POST",
      body: JSON.stringify({ to, subject }),
      signal: AbortSignal.timeout(5_000),
    });
  }
}
