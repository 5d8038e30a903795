# cause: config-error
# lines: 2-7
# needs: terraform
export TF_CLI_CONFIG_FILE=/dev/null
printf 'variable "host" { kind = string }\n' > main.tf
terraform validate -no-color
