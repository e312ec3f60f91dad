import { cancelOrder, fetchOrder } from "@/lib/api";

export default async function OrderPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const order = await fetchOrder(id);
  const cancel = async () => {
    "use server";
    await cancelOrder(id);
  };
  return (
    <form action={cancel}>
      <pre>{JSON.stringify(order, null, 2)}</pre>
      <button type="submit">Cancel</button>
    </form>
  );
}
