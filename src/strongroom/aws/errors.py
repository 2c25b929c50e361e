"""The one table of AWS's refusals: error code or botocore exception -> class, sentence, hint.

Codes come from the error shapes that the services declare (botocore's models), from the AWS page "Common error types", and from the
services' pages where a model declares none (EC2, S3). An unlisted code keeps AWS's own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials, StrongroomError


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a refusal is told."""

    raised: type[AwsRefused]
    sentence: str
    hint: str


CREDENTIALS_HINT = "configure the AWS SDK: aws configure, aws sso login, AWS_PROFILE or AWS_ACCESS_KEY_ID; then run: strongroom whoami"
PERMISSION_HINT = "allow the action to the role; `strongroom render --read-role` prints the template of the read role"
NETWORK_HINT = "check network, proxy, Region and AWS_ENDPOINT_URL, then run the command again"

EXPIRED = Refusal(NoCredentials, "the credentials have expired", "renew them (aws sso login, or new keys), then run the command again")
INVALID = Refusal(NoCredentials, "AWS does not know these credentials", CREDENTIALS_HINT)
DENIED = Refusal(AwsRefused, "access denied", PERMISSION_HINT)
THROTTLED = Refusal(AwsRefused, "AWS still throttles after all retries", "run the command again later; fewer Regions make fewer calls")
MISSING = Refusal(AwsRefused, "it does not exist", "it may have been deleted meanwhile; run the command again")
UNAVAILABLE = Refusal(AwsRefused, "the service had an internal failure", "run the command again later; see health.aws.amazon.com")
REJECTED = Refusal(AwsRefused, "AWS rejected the call as invalid", "the message tells what AWS expects")
CONFLICT = Refusal(AwsRefused, "something else is changing it", "run the command again when the other operation has finished")
EXISTS = Refusal(AwsRefused, "it exists already", "adopt it, rename it or remove it, then run the command again")
LIMIT = Refusal(AwsRefused, "a quota of AWS is reached", "raise the quota with Service Quotas, or use less of it")
NO_ORGANIZATION = Refusal(AwsRefused, "the account is in no organization", "use credentials of an organization's management account")
NO_TYPE = Refusal(AwsRefused, "backup policies are not enabled in the organization", "run: strongroom apply")
NO_REGION = Refusal(AwsRefused, "the Region is not enabled for the account", "enable it under Account > AWS Regions, or leave it out")
LOCKED_OUT = Refusal(AwsRefused, "the KMS key can't be used", "look at the key's state and policy in KMS")
CLOCK = Refusal(AwsRefused, "the clock of this machine is wrong", "set the clock: AWS refuses signatures that are minutes off")
UNREACHABLE = Refusal(AwsUnreachable, "the endpoint can't be reached", NETWORK_HINT)
TIMEOUT = Refusal(AwsUnreachable, "the endpoint did not answer in time", NETWORK_HINT)
UNUSABLE = Refusal(AwsUnreachable, "the answer can't be understood", "check that AWS_ENDPOINT_URL points to AWS or to a twin")
CONFIGURED = Refusal(AwsRefused, "the configuration of the AWS SDK can't be used", "correct ~/.aws/config or the AWS_* variables")
NO_DEFAULT_REGION = Refusal(AwsRefused, "no Region is configured", "set AWS_DEFAULT_REGION, or home_region in the strategy")


def _each(refusal: Refusal, *codes: str) -> dict[str, Refusal]:
    return dict.fromkeys(codes, refusal)


CODES: Mapping[str, Refusal] = MappingProxyType(
    _each(EXPIRED, "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
    | _each(INVALID, "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidToken", "UnrecognizedClientException", "AuthFailure")
    | _each(INVALID, "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException")
    | _each(INVALID, "InvalidSignatureException", "InvalidIdentityToken", "IDPRejectedClaim", "IncompleteSignatureException")
    | _each(CLOCK, "RequestTimeTooSkewed", "RequestInTheFuture")
    | _each(DENIED, "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "NotAuthorized")
    | _each(DENIED, "AccessDeniedForDependencyException", "NotAuthorizedException", "403", "AllAccessDisabled")
    | _each(DENIED, "MasterCannotLeaveOrganizationException", "KMSAccessDeniedException", "ExpiredTradeInTokenException")
    | _each(THROTTLED, "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException")
    | _each(THROTTLED, "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "PriorRequestNotComplete")
    | _each(THROTTLED, "ProvisionedThroughputExceededException", "EC2ThrottledException", "TransactionInProgressException")
    | _each(MISSING, "ResourceNotFoundException", "NotFoundException", "NoSuchEntity", "NoSuchEntityException", "NoSuchBucket", "404")
    | _each(MISSING, "DBInstanceNotFound", "DBInstanceNotFoundFault", "DBClusterNotFoundFault", "FileSystemNotFound")
    | _each(MISSING, "OptionGroupNotFoundFault", "DBSubnetGroupNotFoundFault", "NoSuchResourceException")
    | _each(MISSING, "TargetNotFoundException", "PolicyNotFoundException", "AccountNotFoundException", "RootNotFoundException")
    | _each(
        MISSING, "ParentNotFoundException", "OrganizationalUnitNotFoundException", "StackSetNotFoundException", "TableNotFoundException"
    )
    | _each(MISSING, "StackInstanceNotFoundException", "OperationNotFoundException", "ChildNotFoundException", "StackNotFoundException")
    | _each(MISSING, "InvalidVolume.NotFound", "InvalidInstanceID.NotFound", "ChangeSetNotFound", "PolicyNotAttachedException")
    | _each(MISSING, "ResourcePolicyNotFoundException")
    | _each(MISSING, "EffectivePolicyNotFoundException", "NoSuchTagSet", "ServerSideEncryptionConfigurationNotFoundError")
    | _each(
        UNAVAILABLE,
        "InternalFailure",
        "InternalError",
        "InternalServerError",
        "InternalServerException",
        "InternalException",
        "ServiceException",
        "500",
        "502",
        "503",
        "504",
    )
    | _each(UNAVAILABLE, "ServiceUnavailable", "ServiceUnavailableException", "DependencyFailureException", "DependencyTimeoutException")
    | _each(UNAVAILABLE, "KMSInternalException", "ServiceFailure", "ServiceFailureException", "InternalServiceException", "Unavailable")
    | _each(
        REJECTED, "InvalidParameterValueException", "InvalidRequestException", "InvalidRequest", "ValidationError", "ValidationException"
    )
    | _each(REJECTED, "MissingParameterValueException", "InvalidInputException", "InvalidParameterValue", "InvalidParameterCombination")
    | _each(
        REJECTED, "BadRequest", "InvalidArnException", "InvalidEndpointException", "UnsupportedOperation", "400", "MalformedPolicyDocument"
    )
    | _each(REJECTED, "InvalidNextToken", "InvalidNextTokenException", "InvalidPaginationToken", "MalformedPolicyDocumentException")
    | _each(
        REJECTED, "InvalidAction", "MissingAction", "MissingParameter", "InvalidQueryParameter", "MalformedQueryString", "OptInRequired"
    )
    | _each(REJECTED, "InvalidParameter", "InvalidOperationException", "InvalidOperation", "UnsupportedAPIEndpointException")
    | _each(REJECTED, "InvalidGrantIdException", "InvalidMarkerException", "IllegalArgumentException", "InvalidPaginationTokenException")
    | _each(REJECTED, "ConstraintViolationException", "PolicyChangesInProgressException", "PolicyTypeNotAvailableForOrganizationException")
    | _each(REJECTED, "InsufficientCapabilitiesException", "InvalidResourceStateException", "PackedPolicyTooLarge", "PolicyInUseException")
    | _each(
        REJECTED, "PackedPolicyTooLargeException", "UnknownOperationException", "IllegalLocationConstraintException", "PermanentRedirect"
    )
    | _each(CONFLICT, "ConflictException", "ConcurrentModificationException", "ConcurrentModification", "OperationInProgressException")
    | _each(CONFLICT, "ResourceInUseException", "OperationIdAlreadyExistsException", "StaleRequestException", "TokenAlreadyExistsException")
    | _each(CONFLICT, "StackSetNotEmptyException", "InvalidChangeSetStatus")
    | _each(EXISTS, "AlreadyExistsException", "NameAlreadyExistsException", "EntityAlreadyExists", "DuplicatePolicyException")
    | _each(EXISTS, "DuplicatePolicyAttachmentException", "AccountAlreadyRegisteredException", "PolicyTypeAlreadyEnabledException")
    | _each(EXISTS, "CreatedButModifiedException", "BucketAlreadyExists", "BucketAlreadyOwnedByYou")
    | _each(LIMIT, "LimitExceededException", "LimitExceeded", "ServiceQuotaExceededException", "TooManyTagsException")
    | _each(NO_ORGANIZATION, "AWSOrganizationsNotInUseException", "AccountNotRegisteredException")
    | _each(NO_TYPE, "PolicyTypeNotEnabledException")
    | _each(NO_REGION, "RegionDisabledException", "RegionDisabled")
    | _each(LOCKED_OUT, "KMSInvalidStateException", "DisabledException", "KMSNotFoundException", "KMSDisabledException")
    # of restores and of taking away what they made
    | _each(MISSING, "MountTargetNotFound", "AccessPointNotFound", "BlueGreenDeploymentNotFoundFault", "DBCapacityReservationNotFound")
    | _each(MISSING, "DBProxyEndpointNotFoundFault", "DBProxyNotFoundFault", "DBProxyTargetGroupNotFoundFault", "DBShardGroupNotFound")
    | _each(MISSING, "DBSnapshotNotFound", "DBSnapshotTenantDatabaseNotFoundFault", "IntegrationNotFoundFault", "TenantDatabaseNotFound")
    | _each(MISSING, "DBClusterSnapshotNotFoundFault")
    | _each(MISSING, "DBInstanceAutomatedBackupNotFound", "AuthorizationNotFound", "BackupPolicyNotFoundFault", "CertificateNotFound")
    | _each(MISSING, "DBParameterGroupNotFound", "DBSecurityGroupNotFound", "DomainNotFoundFault", "NoSuchKey")
    | _each(CONFLICT, "FileSystemInUse", "InvalidDBClusterEndpointStateFault", "InvalidDBClusterStateFault", "InvalidDBInstanceState")
    | _each(CONFLICT, "InvalidDBClusterSnapshotStateFault", "InvalidGlobalClusterStateFault", "InvalidDBCapacityReservationState")
    | _each(CONFLICT, "InvalidVPCNetworkStateFault", "TableInUseException", "InvalidObjectState")
    | _each(UNAVAILABLE, "DependencyTimeout", "InsufficientDBInstanceCapacity")
    | _each(LIMIT, "DBClusterAutomatedBackupQuotaExceededFault", "DBInstanceAutomatedBackupQuotaExceeded", "SnapshotQuotaExceeded")
    | _each(LIMIT, "InstanceQuotaExceeded", "StorageQuotaExceeded", "TenantDatabaseQuotaExceeded")
    | _each(EXISTS, "DBClusterSnapshotAlreadyExistsFault", "DBSnapshotAlreadyExists", "DBInstanceAlreadyExists")
    | _each(EXISTS, "TableAlreadyExistsException")
    | _each(LOCKED_OUT, "KMSKeyNotAccessibleFault")
    | _each(REJECTED, "DBSubnetGroupDoesNotCoverEnoughAZs", "InvalidRestoreFault", "InvalidSubnet", "NetworkTypeNotSupported")
    | _each(REJECTED, "PointInTimeRestoreNotEnabled", "ProvisionedIopsNotAvailableInAZFault", "StorageTypeNotSupported")
    | _each(REJECTED, "VpcEncryptionControlViolationException", "InvalidRestoreTimeException", "PointInTimeRecoveryUnavailableException")
)

# botocore's own exceptions, raised before or instead of an answer; a subclass is told like its nearest listed base.
EXCEPTIONS: Mapping[type[Exception], Refusal] = MappingProxyType(
    {
        exceptions.NoCredentialsError: Refusal(NoCredentials, "the AWS SDK finds no credentials", CREDENTIALS_HINT),
        exceptions.PartialCredentialsError: Refusal(NoCredentials, "the AWS SDK finds only half of the credentials", CREDENTIALS_HINT),
        exceptions.CredentialRetrievalError: Refusal(NoCredentials, "the AWS SDK can't get credentials", CREDENTIALS_HINT),
        exceptions.TokenRetrievalError: EXPIRED,
        exceptions.UnauthorizedSSOTokenError: EXPIRED,
        exceptions.SSOTokenLoadError: EXPIRED,
        exceptions.SSOError: Refusal(NoCredentials, "the single sign-on session can't be used", "run: aws sso login"),
        exceptions.RefreshWithMFAUnsupportedError: Refusal(NoCredentials, "the session needs a new MFA code", CREDENTIALS_HINT),
        exceptions.ProfileNotFound: Refusal(NoCredentials, "the AWS profile does not exist", "run: aws configure list-profiles"),
        exceptions.InfiniteLoopConfigError: CONFIGURED,
        exceptions.InvalidConfigError: CONFIGURED,
        exceptions.ConfigParseError: CONFIGURED,
        exceptions.ConfigNotFound: CONFIGURED,
        exceptions.MetadataRetrievalError: Refusal(NoCredentials, "instance credentials can't be fetched", CREDENTIALS_HINT),
        exceptions.NoRegionError: NO_DEFAULT_REGION,
        exceptions.InvalidRegionError: Refusal(AwsRefused, "the Region is no Region code", "name Regions such as eu-west-2"),
        exceptions.EndpointConnectionError: UNREACHABLE,
        exceptions.ConnectTimeoutError: TIMEOUT,
        exceptions.ReadTimeoutError: TIMEOUT,
        exceptions.ConnectionClosedError: UNREACHABLE,
        exceptions.ProxyConnectionError: UNREACHABLE,
        exceptions.SSLError: Refusal(
            AwsUnreachable, "the TLS certificate of the endpoint is not trusted", "set AWS_CA_BUNDLE, or check a proxy"
        ),
        exceptions.HTTPClientError: UNREACHABLE,
        exceptions.ConnectionError: UNREACHABLE,
        exceptions.EndpointProviderError: CONFIGURED,
        exceptions.UnknownEndpointError: CONFIGURED,
        exceptions.IncompleteReadError: UNUSABLE,
        exceptions.ResponseStreamingError: UNUSABLE,
        ResponseParserError: UNUSABLE,
        exceptions.PaginationError: UNUSABLE,
        exceptions.ParamValidationError: REJECTED,
        BotoCoreError: CONFIGURED,
    }
)

# What a call through botocore raises when AWS, the network or the configuration says no.
AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)

ASSUME_HINT = "deploy that role there with a trust in this account; for the read role, `strongroom render --read-role` prints the template"


def translate(error: Exception, *, doing: str) -> StrongroomError:
    """Return what a failed call means to a person; `doing` says what was asked of whom.

    The error's `code` is AWS's, or the name of botocore's exception. An error that is neither AWS's, botocore's nor ours is a bug and
    is raised again as it is.
    """
    if isinstance(error, StrongroomError):
        return error
    if isinstance(error, ClientError):
        code, words = code_of(error), str(error.response.get("Error", {}).get("Message") or "").strip()
        refusal = CODES.get(code) or Refusal(AwsRefused, "AWS refused", "the message is AWS's own")
    elif isinstance(error, AWS_ERRORS):
        code, words = type(error).__name__, str(error)
        refusal = next(EXCEPTIONS[base] for base in type(error).__mro__ if base in EXCEPTIONS)
    else:
        raise error
    detail = f"{code}: {' '.join(words.split())}" if words else code
    return refusal.raised(f"{doing}: {refusal.sentence} ({detail.rstrip('.')})", hint=refusal.hint, code=code)


def code_of(error: ClientError) -> str:
    """Return AWS's error code of an answer, or its HTTP status where the answer names none."""
    found = error.response.get("Error", {}).get("Code")
    return str(found or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or "Unknown")
