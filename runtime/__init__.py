"""What everything stands on: settings, clients, embedded servers, migrations, logging, metrics, clock."""
