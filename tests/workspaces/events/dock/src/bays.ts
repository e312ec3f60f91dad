const taken: string[] = [];

export async function take(truck: { id: string; load: number }): Promise<void> {
  taken.push(truck.id);
  console.log(`${taken.length} bays taken`);
}

export function free(id: string): void {
  taken.splice(taken.indexOf(id), 1);
}
