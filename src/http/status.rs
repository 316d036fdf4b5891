//! Status codes of RFC 9110, section 15.

use std::fmt;

/// A status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// 200
    pub const OK: Self = Self(200);
    /// 301
    pub const MOVED_PERMANENTLY: Self = Self(301);
    /// 304
    pub const NOT_MODIFIED: Self = Self(304);
    /// 400
    pub const BAD_REQUEST: Self = Self(400);
    /// 403
    pub const FORBIDDEN: Self = Self(403);
    /// 404
    pub const NOT_FOUND: Self = Self(404);
    /// 405
    pub const METHOD_NOT_ALLOWED: Self = Self(405);
    /// 408
    pub const REQUEST_TIMEOUT: Self = Self(408);
    /// 413
    pub const CONTENT_TOO_LARGE: Self = Self(413);
    /// 414
    pub const URI_TOO_LONG: Self = Self(414);
    /// 415
    pub const UNSUPPORTED_MEDIA_TYPE: Self = Self(415);
    /// 431, RFC 6585
    pub const FIELDS_TOO_LARGE: Self = Self(431);
    /// 500
    pub const INTERNAL_ERROR: Self = Self(500);
    /// 501
    pub const NOT_IMPLEMENTED: Self = Self(501);
    /// 503
    pub const UNAVAILABLE: Self = Self(503);
    /// 505
    pub const VERSION_NOT_SUPPORTED: Self = Self(505);

    /// The status and its phrase as the body of a response that has nothing else to say, `404 Not Found\n`.
    pub fn line(self) -> &'static str {
        match self {
            Self::OK => "200 OK\n",
            Self::MOVED_PERMANENTLY => "301 Moved Permanently\n",
            Self::NOT_MODIFIED => "304 Not Modified\n",
            Self::BAD_REQUEST => "400 Bad Request\n",
            Self::FORBIDDEN => "403 Forbidden\n",
            Self::NOT_FOUND => "404 Not Found\n",
            Self::METHOD_NOT_ALLOWED => "405 Method Not Allowed\n",
            Self::REQUEST_TIMEOUT => "408 Request Timeout\n",
            Self::CONTENT_TOO_LARGE => "413 Content Too Large\n",
            Self::URI_TOO_LONG => "414 URI Too Long\n",
            Self::FIELDS_TOO_LARGE => "431 Request Header Fields Too Large\n",
            Self::NOT_IMPLEMENTED => "501 Not Implemented\n",
            Self::UNAVAILABLE => "503 Service Unavailable\n",
            Self::VERSION_NOT_SUPPORTED => "505 HTTP Version Not Supported\n",
            _ => "500 Internal Server Error\n",
        }
    }
}

/// `404 Not Found`
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.line().trim_end())
    }
}
