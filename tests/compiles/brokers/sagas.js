// Drives the skeleton of a saga with steps that fail, and tells which were taken, and what was kept of them.
const [booking] = process.argv.slice(2);
const { advance } = await import(`${booking}/booking-saga.js`);

console.warn = () => {};

async function tell(name, step, failing, times) {
  const taken = [];
  const kept = [];
  const act = (action) => async (id) => {
    taken.push(action);
    if (id !== "7") throw new Error(id);
    if (action === failing && times-- > 0) throw new Error("away");
  };
  const actions = new Proxy({}, { get: (_, action) => act(action) });
  let saga = { id: "1", bookingId: "7", step };
  for (let rounds = 0; rounds < 8; rounds += 1) {
    saga = await advance(saga, actions, async ({ step }) => kept.push(step)).catch(() => saga);
  }
  console.log(`${name}: ${taken.join(" ")}, kept ${kept.join(" ")}`);
}

await tell("nothing fails", "started");
await tell("storeBooking fails", "started", "storeBooking", 1);
await tell("refundCharge fails once", "compensating", "refundCharge", 1);
