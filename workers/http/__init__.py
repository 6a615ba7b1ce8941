"""HTTP: the operator's page. An API for applications joins it as another package of routes in `application`."""
