"""What `fleet.example.yaml` takes from the environment, each of the form that is asked for."""

EXAMPLE_ENVIRONMENT = {
    "ANA_PAGERDUTY_KEY": "a" * 32,
    "ANA_SMS_URL": "twilio://sid:token@from/to",
    "PROMETHEUS_TOKEN": "x",
    "DESK_AUTHORIZATION": "x",
    "KYC_WEBHOOK_SECRET": "whsec_" + "a" * 32,
}
