import { fetchOrder } from "@/lib/api";

export default async function OrderPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const order = await fetchOrder(id);
  return <pre>{JSON.stringify(order, null, 2)}</pre>;
}
