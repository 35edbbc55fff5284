"""What assistants and coding agents use: tools of the Model Context Protocol, over the routes of the API."""
