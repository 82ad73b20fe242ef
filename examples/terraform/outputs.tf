output "api_url" {
  description = "The URL of the API."
  value       = aws_apigatewayv2_api.api.api_endpoint
}

output "authorizer_arn" {
  description = "The ARN of the authorizer function."
  value       = aws_lambda_function.authorizer.arn
}
