# The example with the variables of its README, applied without an account to a mock provider.
mock_provider "aws" {
  # The provider checks the form of an ARN.
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/authorizer" }
  }
  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:eu-west-1:111122223333:function:authorizer"
      invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/authorizer/invocations"
    }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-west-1:111122223333:abc" }
  }
}

variables {
  issuer         = "https://dev-1.okta.com/oauth2/default"
  authorizer_zip = "../../dist/authorizer-0.1.0-arm64.zip"
  backend_url    = "https://backend.example.com"
}

run "as_in_the_readme" {
  assert {
    condition = aws_lambda_function.authorizer.environment[0].variables == tomap({
      ISSUER       = "https://dev-1.okta.com/oauth2/default"
      AUDIENCE     = "api://default"
      ACCESS_RULES = jsonencode(var.access_rules)
    })
    error_message = "the authorizer has other settings"
  }
  assert {
    condition     = tolist(aws_lambda_function.authorizer.architectures) == tolist(["arm64"])
    error_message = "the default architecture is not that of the zip"
  }
  # With simple answers and without the route key, a cached answer would decide for every route.
  assert {
    condition     = aws_apigatewayv2_authorizer.token.enable_simple_responses && contains(aws_apigatewayv2_authorizer.token.identity_sources, "$context.routeKey")
    error_message = "the cache does not distinguish routes"
  }
  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.notes : route.authorization_type == "CUSTOM" && route.authorizer_id == aws_apigatewayv2_authorizer.token.id])
    error_message = "a route has no authorizer"
  }
}

run "more_settings" {
  command = plan
  variables {
    settings = { CLIENT_IDS = "0oa1", AUDIENCE = "api://other" }
  }
  assert {
    condition     = aws_lambda_function.authorizer.environment[0].variables["CLIENT_IDS"] == "0oa1" && aws_lambda_function.authorizer.environment[0].variables["AUDIENCE"] == "api://other"
    error_message = "another setting does not reach the authorizer"
  }
}

run "an_issuer_without_https_is_refused" {
  command = plan
  variables {
    issuer = "http://dev-1.okta.com/oauth2/default"
  }
  expect_failures = [var.issuer]
}
