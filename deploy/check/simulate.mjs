// Whether IAM would allow each of the calls on standard input, evaluated with their conditions and without an account.
// In: {"account", "keyPolicy", "policies": {role: [{"name", "policy"}]}, "calls": [{"role", "action", "resource", "context"}]};
// out: one verdict for each call. A KMS key has a say of its own, so its policy goes along.
import { readFileSync } from "node:fs";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const { account, keyPolicy, policies, calls } = JSON.parse(readFileSync(0, "utf8"));
const verdicts = [];
for (const { role, action, resource, context } of calls) {
  const simulated = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/${role}`,
        action,
        resource: { resource, accountId: account },
        contextVariables: context ?? {},
      },
      identityPolicies: policies[role],
      resourcePolicy: action.startsWith("kms:") ? keyPolicy : undefined,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  verdicts.push(simulated.resultType === "error" ? JSON.stringify(simulated.errors) : simulated.overallResult);
}
console.log(JSON.stringify(verdicts));
