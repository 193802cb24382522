// Posts a card, changes it and reads it back, with Slack's own JavaScript client. See docs/local-slack.md.
import { WebClient } from "@slack/web-api";

const client = new WebClient(process.env.SLACK_BOT_TOKEN, { slackApiUrl: process.env.SLACK_API_URL });
const who = await client.auth.test();
const card = await client.chat.postMessage({ channel: "general", text: `Hello from ${who.user}` });
await client.chat.update({ channel: card.channel, ts: card.ts, text: "Hello, changed" });
await client.reactions.add({ channel: card.channel, timestamp: card.ts, name: "wave" });
const { messages } = await client.conversations.history({ channel: card.channel, limit: 1 });
console.log(messages[0].text, messages[0].reactions[0].name);
try {
  await client.chat.postMessage({ channel: card.channel, text: "x", blocks: [{ type: "banner" }] });
} catch (error) {
  console.log(error.data.error, error.data.errors[0]);
}
