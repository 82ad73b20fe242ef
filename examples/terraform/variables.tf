variable "name" {
  description = "The name of the API, and the prefix of the names of the other resources."
  type        = string
  default     = "notes"
}

variable "authorizer_zip" {
  description = "The path of the authorizer's zip, from a release or from scripts/release.sh."
  type        = string
}

variable "architecture" {
  description = "The architecture that the zip is for."
  type        = string
  default     = "arm64"
  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Expected arm64 or x86_64."
  }
}

variable "issuer" {
  description = "The exact `iss` of the access tokens, for Okta https://{domain}/oauth2/{id}."
  type        = string
  validation {
    condition     = can(regex("^https://[^ ,?#@/]+(/[^ ,?#]*)?$", var.issuer))
    error_message = "Expected an https URL without a query or fragment."
  }
}

variable "audience" {
  description = "The accepted `aud` values."
  type        = list(string)
  default     = ["api://default"]
}

variable "access_rules" {
  description = "The access rules. A call that no rule covers is denied."
  # Rules have different members.
  type = any
  default = [
    { methods = ["GET"], path = "/notes/*" },
    { methods = ["PUT"], path = "/notes/*", scopes = ["state:write"] },
  ]
}

variable "settings" {
  description = "More settings by the name of their environment variable, such as CLIENT_IDS or JWKS_URI."
  type        = map(string)
  default     = {}
}

variable "backend_url" {
  description = "The URL of the backend that you already have, without a trailing slash."
  type        = string
}
