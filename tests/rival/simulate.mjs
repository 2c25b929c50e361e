// Reads one simulation a line from standard input, prints one answer a line, in the same order.
//
// in:  the package's own input: request, policies of every kind
// out: {"result": "Allowed" | "ImplicitlyDenied" | "ExplicitlyDenied", "ignored": [context keys that the action does not have]}
//      {"error": …} when the package refuses the input

import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

async function answer(line) {
  const response = await runSimulation(JSON.parse(line), { simulationMode: 'Strict' })
  if (response.resultType === 'error') {
    return { error: response.errors }
  }
  if (response.resultType !== 'single') {
    return { error: { message: `a ${response.resultType} answer: the resource of a case has no wildcard` } }
  }
  return { result: response.overallResult, ignored: response.result.ignoredContextKeys }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`)
}
