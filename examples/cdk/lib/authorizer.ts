import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** A rule of `ACCESS_RULES`; the README of the repository lists the other members. */
export interface AccessRule {
  readonly methods: readonly string[];
  readonly path: string;
  readonly anonymous?: boolean;
  readonly scopes?: readonly string[];
  readonly groups?: readonly string[];
  readonly [member: string]: unknown;
}

export interface AuthorizerProps {
  /** The authorizer's zip, or a folder with its `bootstrap`. */
  readonly code: string;
  /** @default arm64 */
  readonly architecture?: lambda.Architecture;
  /** The exact `iss` of the access tokens. */
  readonly issuer: string;
  readonly audience: readonly string[];
  /** @default every client of the issuer */
  readonly clientIds?: readonly string[];
  /** @default every valid token may call every route */
  readonly accessRules?: readonly AccessRule[];
  /** More settings by the name of their environment variable. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The authorizer as a function. Use `handler` in any authorizer of API Gateway. */
export class Authorizer extends Construct {
  readonly handler: lambda.Function;

  constructor(scope: Construct, id: string, props: AuthorizerProps) {
    super(scope, id);
    this.handler = new lambda.Function(this, 'Function', {
      description: 'Verifies the access token and returns a policy for the routes that the caller may call.',
      code: lambda.Code.fromAsset(props.code),
      runtime: lambda.Runtime.PROVIDED_AL2023,
      handler: 'bootstrap',
      architecture: props.architecture ?? lambda.Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.seconds(5),
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup: new logs.LogGroup(this, 'Logs', { retention: logs.RetentionDays.ONE_MONTH }),
      environment: {
        ISSUER: props.issuer,
        AUDIENCE: props.audience.join(','),
        ...(props.clientIds === undefined ? {} : { CLIENT_IDS: props.clientIds.join(',') }),
        ...(props.accessRules === undefined ? {} : { ACCESS_RULES: JSON.stringify(props.accessRules) }),
        ...props.settings,
      },
    });
  }
}
