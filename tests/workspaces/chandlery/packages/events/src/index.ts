/** Topics of the shop. Names are past tense: they say what has happened. */
export const Topics = {
  orderPlaced: "order.placed",
  paymentSettled: "payment.settled",
} as const;

export interface OrderPlaced {
  version: 1;
  orderId: string;
  email: string;
  totalCents: number;
}

export interface PaymentSettled {
  version: 1;
  orderId: string;
  chargeId: string;
}
