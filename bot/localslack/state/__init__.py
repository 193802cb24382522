"""What the local Slack remembers: people, channels, messages, and what is sent to the app about them."""
