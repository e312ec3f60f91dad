import amqp from "amqplib";
import express from "express";

const cooked: string[] = [];

const app = express();
app.use(express.json());
app.post("/dishes", (req, res) => {
  cooked.push(req.body.name);
  console.log(`${cooked.length} dishes`);
  res.sendStatus(202);
});
app.listen(8080);

const connection = await amqp.connect(process.env.AMQP_URL ?? "amqp://localhost");
const channel = await connection.createChannel();
await channel.assertQueue("slips");
await channel.consume("slips", async (message) => {
  if (!message) return;
  try {
    const slip: { id: string } = JSON.parse(message.content.toString());
    console.log(slip.id);
    channel.ack(message);
  } catch (error) {
    console.error(error);
    channel.nack(message, false, false);
  }
});
