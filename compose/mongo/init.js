// Runs once, on an empty server: the product service's user, who may read and write its own database and no other.
const password = require("fs").readFileSync("/run/secrets/documents-product", "utf8").trim();
db.getSiblingDB("product").createUser({ user: "product", pwd: password, roles: [{ role: "readWrite", db: "product" }] });
