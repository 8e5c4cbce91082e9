"""A development OIDC issuer: anyone may ask for anyone's token, roles come from the register's topic."""
