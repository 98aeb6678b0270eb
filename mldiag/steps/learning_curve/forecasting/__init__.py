"""What the forecast of a learning curve is made of: units, features, a small network, a distribution."""
