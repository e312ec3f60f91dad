"use client";

import { useState } from "react";

import { checkout, type Line } from "@/lib/api";

const basket: Line[] = [{ sku: "rope-12mm", quantity: 2 }];

export default function BasketPage() {
  const [email, setEmail] = useState("");
  const [orderId, setOrderId] = useState<string>();

  return (
    <form onSubmit={async (event) => { event.preventDefault(); setOrderId(await checkout(email, basket)); }}>
      <input type="email" value={email} onChange={(event) => setEmail(event.target.value)} />
      <button type="submit">Order</button>
      {orderId && <a href={`/orders/${orderId}`}>Your order</a>}
    </form>
  );
}
