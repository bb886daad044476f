// Reads HTML on standard input; prints what doiuse-email finds in it as JSON. The arguments are the mail programs.
import { readFileSync } from "node:fs";
import { doIUseEmail } from "@jsx-email/doiuse-email";

const found = doIUseEmail(readFileSync(0, "utf8"), { emailClients: process.argv.slice(2) });
console.log(JSON.stringify({ errors: found.errors ?? [], warnings: found.warnings, notes: found.notes }));
