// Judges a signature with the `standardwebhooks` library, which shares no code with Crier.
//
// Reads {"secret": …, "id": …, "timestamp": …, "signature": …, "body": …}, all strings, from
// standard input. Exit code 0: the signature is valid. 1: it is not, and why is on standard error.
// 2: the input cannot be judged.
import { readFileSync } from "node:fs";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

function fail(code, reason) {
  console.error(reason);
  process.exit(code);
}

let message;
try {
  message = JSON.parse(readFileSync(0, "utf8"));
} catch (error) {
  fail(2, `standard input is not JSON: ${error.message}`);
}
for (const key of ["secret", "id", "timestamp", "signature", "body"]) {
  if (typeof message[key] !== "string") fail(2, `"${key}" must be a string`);
}

// The library also refuses messages older than five minutes. The signature alone is judged here.
const time = Number(message.timestamp) * 1000;
Date.now = () => time;

try {
  new Webhook(message.secret).verify(
    message.body,
    {
      "webhook-id": message.id,
      "webhook-timestamp": message.timestamp,
      "webhook-signature": message.signature,
    },
    { jsonParse: false },
  );
} catch (error) {
  fail(error instanceof WebhookVerificationError ? 1 : 2, error.message);
}
