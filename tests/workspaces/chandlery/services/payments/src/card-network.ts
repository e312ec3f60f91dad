const NETWORK = process.env.CARD_NETWORK_URL;

export async function authorise(card: string, cents: number): Promise<string> {
  const response = await fetch(`${NETWORK}/v1/authorisations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ card, cents }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`card network answered ${response.status}`);
  const { id } = (await response.json()) as { id: string };
  return id;
}
