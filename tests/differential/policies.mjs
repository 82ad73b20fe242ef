import { runSimulation } from '@cloud-copilot/iam-simulate';
import { main } from './judge.mjs';

// The policy of an authorizer's answer as the only policy of its caller.
await main(async ({ policy, arn, facts }) => {
  const response = await runSimulation({
    request: {
      principal: 'arn:aws:iam::123456789012:user/caller',
      action: 'execute-api:Invoke',
      resource: { resource: arn, accountId: '123456789012' },
      contextVariables: facts,
    },
    identityPolicies: [{ name: 'answer', policy }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }, { simulationMode: 'Strict' });
  if (response.resultType === 'error') {
    const errors = Object.values(response.errors.identityPolicyErrors ?? {}).flat();
    return { outcome: 'malformed', reason: errors.map(({ message }) => message).join('; ').slice(0, 200) || response.errors.message };
  }
  return { outcome: { Allowed: 'allowed', ExplicitlyDenied: 'denied', ImplicitlyDenied: 'not allowed' }[response.overallResult] ?? response.overallResult };
});
