import { App, Duration, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as http from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as lambda from 'aws-cdk-lib/aws-lambda';

import { AccessRule, Authorizer } from '../lib/authorizer';

const app = new App();

/** A value of the context: `cdk deploy -c NAME=VALUE`. */
function given(name: string, otherwise?: string): string {
  const value: unknown = app.node.tryGetContext(name) ?? otherwise;
  if (typeof value !== 'string') throw new Error(`missing context value: pass -c ${name}=…`);
  return value;
}

const accessRules: AccessRule[] = [
  { methods: ['GET'], path: '/notes/*' },
  { methods: ['PUT'], path: '/notes/*', scopes: ['state:write'] },
];

/** Replace this function with yours. */
function notes(stack: Stack, example: string): lambda.Function {
  return new lambda.Function(stack, 'Notes', {
    code: lambda.Code.fromAsset(`../${example}/function`),
    runtime: lambda.Runtime.PYTHON_3_13,
    handler: 'app.handler',
  });
}

function authorizer(stack: Stack): Authorizer {
  return new Authorizer(stack, 'Authorizer', {
    code: given('code'),
    issuer: given('issuer'),
    audience: given('audience', 'api://default').split(','),
    accessRules,
  });
}

/** A REST API: the answer is a policy for every route, so the token is enough as the cache key. */
const rest = new Stack(app, 'RestApiExample');
const restApi = new apigateway.RestApi(rest, 'Api', {
  endpointTypes: [apigateway.EndpointType.REGIONAL],
  cloudWatchRole: false,
  defaultMethodOptions: {
    authorizer: new apigateway.TokenAuthorizer(rest, 'Token', {
      handler: authorizer(rest).handler,
      resultsCacheTtl: Duration.minutes(1),
    }),
  },
});
const restNote = restApi.root.addResource('notes').addResource('{id}');
const restNotes = new apigateway.LambdaIntegration(notes(rest, 'rest-api'));
restNote.addMethod('GET', restNotes);
restNote.addMethod('PUT', restNotes);

/** An HTTP API: a simple answer is a decision on one route, so the cache key has the route key. */
const simple = new Stack(app, 'HttpApiExample');
const httpApi = new http.HttpApi(simple, 'Api', {
  defaultAuthorizer: new HttpLambdaAuthorizer('Token', authorizer(simple).handler, {
    responseTypes: [HttpLambdaResponseType.SIMPLE],
    identitySource: ['$request.header.Authorization', '$context.routeKey'],
    resultsCacheTtl: Duration.minutes(1),
  }),
});
httpApi.addRoutes({
  path: '/notes/{id}',
  methods: [http.HttpMethod.GET, http.HttpMethod.PUT],
  integration: new HttpLambdaIntegration('Notes', notes(simple, 'http-api')),
});
