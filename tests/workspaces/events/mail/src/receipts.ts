export interface Receipt {
  id: string;
  email: string;
}

export async function sendReceipt(receipt: Receipt): Promise<void> {
  console.log(`to ${receipt.email}: ${receipt.id}`);
}
