import './tracing.js';
import express, { type Request, type Response } from 'express';

const app = express();

interface Mail {
  state: 'sent' | 'waiting';
  text: string;
}

app.put('/mails/:id', async (req: Request, res: Response) => {
  const mail = await load(String(req.params['id']));
  if (!mail) {
    res.sendStatus(404);
    return;
  }
  res.json(mail);
});

app.post('/mails', send);

async function send(_req: Request, res: Response): Promise<void> {
  const text = `
  Dear customer,
    thank you.
`;
  res.status(201).send(text);
}

async function load(id: string): Promise<Mail | undefined> {
  return id ? { state: 'sent', text: id } : undefined;
}

app.listen(8080);
