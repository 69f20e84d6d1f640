"""The product as its users meet it; a package, so that its cases can share one system (see conftest)."""
